import { createCloud } from '../../functions/cloud/alicloud.ts';
import { describeWire } from './wire.ts';

describeWire('Alibaba Cloud over httpx', createCloud);
